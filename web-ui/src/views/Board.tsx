// The live board: windows, what waits for a person, queues, devices.

import { Box } from './Box';
import { Cameras } from './Cameras';
import { DeviceStrip } from './Devices';
import { Events } from './Events';
import { Inbox } from './Inbox';
import { Queues } from './Queues';
import { Windows } from './Windows';

export function Board() {
  return (
    <main class="hall" id="main" tabIndex={-1}>
      <div class="hall__board">
        <Windows />
        <DeviceStrip />
        <Cameras />
      </div>
      <div class="hall__side">
        <Inbox />
        <Queues />
        <Events />
        <Box />
      </div>
    </main>
  );
}
