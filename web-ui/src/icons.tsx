// Pictograms: a shape of its own for every state and level, so that colour is never the only sign.

import type { JSX } from 'preact';
import type { Level, WindowState } from './types';

function Icon({ children, solid }: { children: JSX.Element | JSX.Element[]; solid?: boolean }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false"
      fill={solid ? 'currentColor' : 'none'} stroke={solid ? 'none' : 'currentColor'}
      stroke-width="2.4" stroke-linecap="round" stroke-linejoin="round">
      {children}
    </svg>
  );
}

/** Person at a counter; warning triangle; two bars; moon; crossed eye. */
export function StateIcon({ state }: { state: WindowState }) {
  switch (state) {
    case 'staffed':
      return <Icon><circle cx="12" cy="7" r="3.6" /><path d="M5 17.5c.6-3.6 3.4-5 7-5s6.4 1.4 7 5" /><path d="M3 21h18" /></Icon>;
    case 'unstaffed':
      return <Icon><path d="M12 3.5 22 20.5H2Z" /><path d="M12 10v4.5" /><path d="M12 17.4v.1" /></Icon>;
    case 'paused':
      return <Icon><circle cx="12" cy="12" r="9.2" /><path d="M9.6 8.5v7" /><path d="M14.4 8.5v7" /></Icon>;
    case 'off_duty':
      return <Icon><path d="M20 14.5A8.5 8.5 0 1 1 9.5 4a7 7 0 0 0 10.5 10.5Z" /></Icon>;
    case 'unknown':
      return <Icon><path d="M3 12s3.5-6 9-6 9 6 9 6-3.5 6-9 6-9-6-9-6Z" /><circle cx="12" cy="12" r="2.3" /><path d="M4 20 20 4" /></Icon>;
  }
}

/** One, two or three bars of three; a cross for faults; a dot for information. */
export function LevelIcon({ level }: { level: Level }) {
  const rank = { info: 0, fault: 0, notice: 1, warn: 2, severe: 3 }[level];
  if (level === 'fault') return <Icon><path d="M6 6l12 12" /><path d="M18 6 6 18" /></Icon>;
  if (rank === 0) return <Icon><circle cx="12" cy="12" r="3" /></Icon>;
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      {[1, 2, 3].map((bar) => (
        <rect key={bar} x={bar * 7 - 4.5} y={19 - bar * 5} width="5" height={bar * 5} rx="1"
          fill="currentColor" opacity={bar <= rank ? 1 : 0.28} />
      ))}
    </svg>
  );
}

export const PersonIcon = () => <Icon><circle cx="12" cy="8" r="3.6" /><path d="M5.5 20c.4-4 3-6 6.5-6s6.1 2 6.5 6" /></Icon>;
export const CameraIcon = () => <Icon><path d="M3 7h12v10H3z" /><path d="m15 10.5 6-3v9l-6-3" /></Icon>;
export const SensorIcon = () => <Icon><circle cx="12" cy="12" r="2.2" /><path d="M7.5 16.5a6.3 6.3 0 0 1 0-9" /><path d="M16.5 7.5a6.3 6.3 0 0 1 0 9" /></Icon>;
export const StoreIcon = () => <Icon><path d="M4 6.5c0-4 16-4 16 0v11c0 4-16 4-16 0z" /><path d="M4 7c0 3.6 16 3.6 16 0M4 12.5c0 3.6 16 3.6 16 0" /></Icon>;
export const UplinkIcon = () => <Icon><path d="M12 20V5" /><path d="m6 10 6-6 6 6" /></Icon>;
export const ClockIcon = () => <Icon><circle cx="12" cy="12" r="9" /><path d="M12 7v5.5l3.5 2" /></Icon>;
export const SunIcon = () => <Icon><circle cx="12" cy="12" r="4" /><path d="M12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4M17.3 17.3l1.4 1.4M5.3 18.7l1.4-1.4M17.3 6.7l1.4-1.4" /></Icon>;
export const CloseIcon = () => <Icon><path d="M5.5 5.5l13 13" /><path d="M18.5 5.5l-13 13" /></Icon>;
