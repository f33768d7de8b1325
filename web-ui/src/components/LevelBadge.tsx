// 提示/预警/告警 as bars and word.

import { t } from '../i18n';
import { LevelIcon } from '../icons';
import type { Level } from '../types';

export function LevelBadge({ level }: { level: Level }) {
  return (
    <span class={`level level--${level}`}>
      <LevelIcon level={level} />
      {t.value.level[level]}
    </span>
  );
}
