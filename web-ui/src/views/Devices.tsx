// The device strip: cameras, sensors, store, uplink and clock in one line each, with what is wrong by name.

import type { JSX } from 'preact';
import { t } from '../i18n';
import { CameraIcon, ClockIcon, SensorIcon, StoreIcon, UplinkIcon } from '../icons';
import { health, snapshot } from '../store';

interface Item {
  kind: string;
  icon: JSX.Element;
  name: string;
  said: string;
  /** What is wrong, each by name. */
  troubles: string[];
  bad: boolean;
}

/** Named at most; the panels below have all of them. */
const MAX_NAMED = 3;

function items(): Item[] {
  const now = snapshot.value?.data;
  const report = health.value;
  if (!now) return [];
  const dark = now.cameras.filter((c) => c.down !== null);
  const mute = now.sensors.filter((s) => s.quality !== 'good');
  const all: Item[] = [];
  if (now.cameras.length > 0) {
    all.push({
      kind: 'cameras', icon: <CameraIcon />, name: t.value.cameras, bad: dark.length > 0,
      said: t.value.devicesGood(now.cameras.length - dark.length, now.cameras.length),
      troubles: dark.map((c) => `${c.camera} ${c.down ? t.value.fault[c.down] : ''}`),
    });
  }
  if (now.sensors.length > 0) {
    all.push({
      kind: 'sensors', icon: <SensorIcon />, name: t.value.sensors, bad: mute.length > 0,
      said: t.value.devicesGood(now.sensors.length - mute.length, now.sensors.length),
      troubles: mute.map((s) => `${s.sensor} ${t.value.quality[s.quality]}`),
    });
  }
  if (!report) return all;
  const { store, uplink } = report;
  all.push(
    { kind: 'store', icon: <StoreIcon />, name: t.value.store, said: t.value.storeState(store.degraded), troubles: [], bad: store.degraded },
    { kind: 'uplink', icon: <UplinkIcon />, name: t.value.uplink, said: t.value.uplinkMode[uplink.mode], troubles: [], bad: uplink.mode === 'offline' },
    { kind: 'clock', icon: <ClockIcon />, name: t.value.clock, said: t.value.clockSynced(now.clock_synced), troubles: [], bad: !now.clock_synced },
  );
  return all;
}

export function DeviceStrip() {
  return (
    <ul class="devices" aria-label={t.value.devices}>
      {items().map(({ kind, icon, name, said, troubles, bad }) => (
        <li key={kind} class={bad ? 'device device--bad' : 'device'} data-testid="device" data-device={kind} data-bad={bad}>
          {icon} <span class="device__name">{name}</span> <b>{said}</b>
          {troubles.length > 0 && <span class="device__troubles">{troubles.slice(0, MAX_NAMED).join(' · ')}{troubles.length > MAX_NAMED && ` · +${troubles.length - MAX_NAMED}`}</span>}
        </li>
      ))}
    </ul>
  );
}
