"""Modbus units of pymodbus (a library the box does not use) on TCP or on a serial line, for the tests.

    modbus_units.py tcp PORT UNIT...
    modbus_units.py rtu DEVICE UNIT...

Commands, one a line on standard input: `set UNIT INPUT 0|1`, `mute UNIT`, `speak UNIT`. Each is answered with `done`.
"""
import asyncio
import sys

from pymodbus.datastore import ModbusSequentialDataBlock, ModbusServerContext, ModbusSlaveContext
from pymodbus.server import StartAsyncSerialServer, StartAsyncTcpServer
from pymodbus.transaction import ModbusRtuFramer, ModbusSocketFramer

DISCRETE_INPUTS = 2


def unit():
    block = lambda: ModbusSequentialDataBlock(0, [0] * 64)
    return ModbusSlaveContext(di=block(), co=block(), hr=block(), ir=block(), zero_mode=True)


async def obey(units, context):
    loop = asyncio.get_running_loop()
    while True:
        line = await loop.run_in_executor(None, sys.stdin.readline)
        if not line:
            return
        verb, number, *rest = line.split()
        number = int(number)
        if verb == "set":
            units[number].setValues(DISCRETE_INPUTS, int(rest[0]), [int(rest[1])])
        elif verb == "mute":
            del context[number]
        elif verb == "speak":
            context[number] = units[number]
        print("done", flush=True)


async def main(kind, place, numbers):
    units = {int(number): unit() for number in numbers}
    context = ModbusServerContext(slaves=dict(units), single=False)
    if kind == "tcp":
        server = StartAsyncTcpServer(
            context, address=("127.0.0.1", int(place)), framer=ModbusSocketFramer, ignore_missing_slaves=True,
            allow_reuse_address=True,
        )
    else:
        server = StartAsyncSerialServer(
            context, port=place, baudrate=9600, framer=ModbusRtuFramer, ignore_missing_slaves=True,
        )
    serving = asyncio.create_task(server)
    await obey(units, context)
    serving.cancel()


asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3:]))
