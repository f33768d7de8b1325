// Texts put together from several words: subjects, event names, sources.

import { named, t } from './i18n';
import { hall } from './store';

/** An event's name; always as a suspicion. */
export function codeText(code: string): string {
  const known: Record<string, string> = t.value.code;
  return known[code] ?? t.value.otherCode(code);
}

/** `W3 户籍窗口` for a subject of an event. */
export function subjectText(kind: string, id: string): string {
  const h = hall.value;
  if (kind === 'hall' && h) return named(h.name, id);
  const among =
    kind === 'window' ? h?.windows : kind === 'queue' ? h?.queues : kind === 'camera' ? h?.cameras : undefined;
  const names = among?.find((s) => s.id === id)?.name;
  const name = named(names, id);
  return name === id ? id : `${id} ${name}`;
}
