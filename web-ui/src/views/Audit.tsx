// The access log: who looked at or changed what, when, why and from where.

import { useEffect, useState } from 'preact/hooks';
import { getAudit } from '../api';
import { inWords } from '../components/AccountForm';
import { hourMinuteSecond } from '../format';
import { t, word } from '../i18n';
import { may } from '../session';
import type { AuditPage } from '../types';

export function Audit() {
  const [deed, setDeed] = useState('');
  const [page, setPage] = useState<AuditPage | null>(null);
  const [refused, setRefused] = useState('');
  const read = async (held: AuditPage | null) => {
    const answer = await getAudit(deed, held?.next_before_seq ?? null);
    if (answer.kind === 'error') return setRefused(inWords(answer.code, answer.message));
    if (answer.kind === 'success') setPage({ ...answer.value, entries: [...(held?.entries ?? []), ...answer.value.entries] });
  };
  useEffect(() => void read(null), [deed]);
  const deeds = Object.keys(t.value.deed).filter((name) => may('audit') || name.startsWith('evidence_'));
  return (
    <main class="account" id="main" tabIndex={-1}>
      <section class="panel">
        <h2>{t.value.view.audit}</h2>
        <p class="account__actions">
          <label>{t.value.auditDeed} <select value={deed} onChange={(event) => setDeed(event.currentTarget.value)}>
            <option value="">{t.value.auditAll}</option>
            {deeds.map((name) => <option key={name} value={name}>{word(t.value.deed, name)}</option>)}
          </select></label>
          {may('audit') && <a class="button" href="/api/audit.jsonl" download>{t.value.auditFile}</a>}
        </p>
        {refused !== '' && <p class="account__refused" role="alert">{refused}</p>}
        <ul class="account__list">
          {page?.entries.map((entry) => (
            <li key={entry.seq} data-testid="audit-entry" data-deed={entry.deed}>
              <time dateTime={entry.at}>{entry.at.slice(0, 10)} {hourMinuteSecond(entry.at)}</time>
              <strong>{entry.who || t.value.nobodyNamed}</strong>
              <span>{word(t.value.deed, entry.deed)} {entry.object}</span>
              <span>{[entry.why, entry.from && t.value.auditFrom(entry.from)].filter(Boolean).join(' · ')}</span>
            </li>
          ))}
        </ul>
        {page?.entries.length === 0 && <p>{t.value.auditNone}</p>}
        {page !== null && page.next_before_seq !== null && <button type="button" class="button" onClick={() => void read(page)}>{t.value.auditMore}</button>}
      </section>
    </main>
  );
}
