// Accounts: made, disabled, given a new first password. Which roles somebody may appoint is the box's business.

import { useEffect, useState } from 'preact/hooks';
import { getAccounts, type Answer } from '../api';
import { AccountForm, Field, inWords, said } from '../components/AccountForm';
import { named, t } from '../i18n';
import { changeAccount, makeAccount, session } from '../session';
import { hall } from '../store';
import type { Account } from '../types';

export function Accounts() {
  const [accounts, setAccounts] = useState<Account[]>([]);
  const [told, setTold] = useState('');
  const [refused, setRefused] = useState('');
  const read = async () => {
    const answer = await getAccounts();
    if (answer.kind === 'success') setAccounts(answer.value.accounts);
    else if (answer.kind === 'error') setRefused(inWords(answer.code, answer.message));
  };
  useEffect(() => void read(), []);
  const after = (answer: Awaited<ReturnType<typeof makeAccount>>): Answer<unknown> => {
    if (answer.kind === 'success') {
      const { account, first_password: first } = answer.value;
      setTold(first === null ? '' : t.value.firstPassword(account.name, first));
      void read();
    }
    setRefused(answer.kind === 'error' ? inWords(answer.code, answer.message) : '');
    return answer;
  };
  const appoints = session.value?.account?.appoints ?? [];
  const picked = (fields: FormData, name: string) => fields.getAll(name).map(String);
  const make = async (fields: FormData) =>
    after(await makeAccount(said(fields, 'name'), said(fields, 'role'), picked(fields, 'window'), picked(fields, 'department')));
  const departments = [...new Map((hall.value?.windows ?? []).flatMap((w) => (w.department ? [[w.department.zh, w.department] as const] : []))).values()];
  return (
    <main class="account" id="main" tabIndex={-1}>
      <section class="panel">
        <h2>{t.value.view.accounts}</h2>
        {told !== '' && <p class="account__told" role="status" data-testid="first-password">{told}</p>}
        {refused !== '' && <p class="account__refused" role="alert">{refused}</p>}
        <ul class="account__list">
          {accounts.map((account) => (
            <li key={account.name} data-testid="account" data-account={account.name} data-disabled={account.disabled}>
              <strong>{account.name}</strong>
              <span>{t.value.roles[account.role]}</span>
              <span>{[...account.windows, ...account.departments].join(' ') || t.value.wholeHall}{account.disabled && ` · ${t.value.disabled}`}</span>
              {account.name !== session.value?.account?.name && appoints.includes(account.role) && (
                <span class="account__actions">
                  <button type="button" class="button" aria-label={`${account.disabled ? t.value.enable : t.value.disable}: ${account.name}`}
                    onClick={async () => void after(await changeAccount(account.name, { disabled: !account.disabled }))}>
                    {account.disabled ? t.value.enable : t.value.disable}
                  </button>
                  <button type="button" class="button" aria-label={`${t.value.resetPassword}: ${account.name}`}
                    onClick={async () => void after(await changeAccount(account.name, { new_password: true }))}>
                    {t.value.resetPassword}
                  </button>
                </span>
              )}
            </li>
          ))}
        </ul>
        {accounts.length === 0 && <p>{t.value.noAccounts}</p>}
      </section>
      <section class="panel">
        <h2>{t.value.makeAccount}</h2>
        <AccountForm testId="make-account" action={t.value.makeAccount} send={make}>
          <Field name="name" label={t.value.account} hint={t.value.accountHint} />
          <label class="account__field">
            <span>{t.value.role}</span>
            <select name="role">{appoints.map((role) => <option key={role} value={role}>{t.value.roles[role]}</option>)}</select>
          </label>
          <fieldset class="account__picks">
            <legend>{t.value.scope}</legend>
            {(hall.value?.windows ?? []).map((w) => <label key={w.id}><input type="checkbox" name="window" value={w.id} /> {w.id} {named(w.name, w.id)}</label>)}
          </fieldset>
          {departments.length > 0 && (
            <fieldset class="account__picks">
              <legend>{t.value.departments}</legend>
              {departments.map((d) => <label key={d.zh}><input type="checkbox" name="department" value={d.zh} /> {named(d, d.zh)}</label>)}
            </fieldset>
          )}
        </AccountForm>
      </section>
    </main>
  );
}
