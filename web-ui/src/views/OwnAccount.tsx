// The own account: who that is, its password, signing out here and everywhere.

import { t } from '../i18n';
import { session, signOut } from '../session';
import { PasswordForm } from './Entrance';

export function OwnAccount() {
  const account = session.value?.account;
  if (!account) return null;
  return (
    <main class="account" id="main" tabIndex={-1}>
      <section class="panel">
        <h2>{account.name}</h2>
        <p>{t.value.roles[account.role]} · {account.windows === null ? t.value.wholeHall : account.windows.join(' ')}</p>
        <p class="account__actions">
          <button type="button" class="button" data-testid="sign-out" onClick={() => void signOut(false)}>{t.value.signOut}</button>
          <button type="button" class="button" data-testid="sign-out-everywhere" onClick={() => void signOut(true)}>{t.value.signOutEverywhere}</button>
        </p>
      </section>
      <section class="panel">
        <h2>{t.value.changePassword}</h2>
        <PasswordForm />
      </section>
    </main>
  );
}
