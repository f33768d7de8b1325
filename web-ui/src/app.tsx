// The page as a whole: header, state of the link, the view that the address names.

import { useEffect } from 'preact/hooks';
import { announcement } from './announce';
import { later } from './components/Later';
import { t } from './i18n';
import { go, route } from './route';
import { entered, may } from './session';
import { link, snapshot, stalled } from './store';
import { Accounts } from './views/Accounts';
import { Audit } from './views/Audit';
import { Board } from './views/Board';
import { Box } from './views/Box';
import { CameraDialog } from './views/CameraDialog';
import { Entrance } from './views/Entrance';
import { EventDialog } from './views/EventDialog';
import { Header } from './views/Header';
import { Notices } from './views/Notices';
import { OwnAccount } from './views/OwnAccount';
import { Wall } from './views/Wall';

const Day = later(() => import('./views/Day').then((m) => m.Day));
const Month = later(() => import('./views/Month').then((m) => m.Month));

export function App() {
  const { view } = route.value;
  useEffect(() => {
    addEventListener('keydown', switchWall);
    return () => removeEventListener('keydown', switchWall);
  }, []);
  const wall = view === 'wall' && entered.value;
  return (
    <div class="page" data-link={link.value} data-stalled={stalled.value} data-view={view || 'board'}>
      {!wall && (
        <>
          <a class="skip" href="#main" onClick={skip}>{t.value.skip}</a>
          <Header />
          <Notices />
        </>
      )}
      <p class="unseen" role="status" aria-live="polite">{announcement.value}</p>
      {entered.value ? <View view={view} /> : <Entrance />}
      <EventDialog />
      <CameraDialog />
    </div>
  );
}

function View({ view }: { view: string }) {
  switch (view) {
    case 'wall':
      return <Wall />;
    case 'account':
      return <OwnAccount />;
    case 'accounts':
      return <Accounts />;
    case 'audit':
      return <Audit />;
    case 'day':
      return <Day />;
    case 'month':
      return <Month />;
    default:
      if (!may('board')) return may('audit') ? <Audit /> : <main class="account" id="main" tabIndex={-1}><Box /></main>;
      return snapshot.value === null ? <main class="waiting" id="main" tabIndex={-1} aria-busy="true"><p>{t.value.loading}</p></main> : <Board />;
  }
}

/** The address names the view and must not change for a jump within it. */
function skip(click: MouseEvent): void {
  click.preventDefault();
  document.getElementById('main')?.focus();
}

function switchWall(key: KeyboardEvent): void {
  const typing = key.target instanceof HTMLElement && key.target.closest('input, select, textarea, dialog') !== null;
  if (key.key.toLowerCase() !== 'w' || key.ctrlKey || key.altKey || key.metaKey || typing) return;
  go(route.value.view === 'wall' ? '' : 'wall');
}
