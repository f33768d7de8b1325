// Evidence sources as chips: `video:cam2`, `seat:W3-seat`.

import { t } from '../i18n';
import { CameraIcon, SensorIcon } from '../icons';

export function Sources({ sources }: { sources: string[] }) {
  if (sources.length === 0) return null;
  return (
    <ul class="chips" aria-label={t.value.sources}>
      {sources.map((source) => {
        const [kind, ...rest] = source.split(':');
        return (
          <li class="chip" key={source} title={source}>
            {kind === 'video' ? <CameraIcon /> : <SensorIcon />}
            {rest.join(':') || source}
          </li>
        );
      })}
    </ul>
  );
}
