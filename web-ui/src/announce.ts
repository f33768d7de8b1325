// The newest alarm in words, for screen readers.

import { computed } from '@preact/signals';
import { hourMinute } from './format';
import { t, word } from './i18n';
import { announced } from './store';
import { codeText, subjectText } from './texts';

export const announcement = computed(() => {
  const event = announced.value;
  if (!event) return '';
  const level = word(t.value.level, event.level);
  return `${level}: ${subjectText(event.subject_kind, event.subject)} ${codeText(event.code)} ${t.value.since(hourMinute(event.onset))}`;
});
