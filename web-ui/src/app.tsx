// The page as a whole: header, state of the link, the views.

import { announcement } from './announce';
import { t } from './i18n';
import { link, snapshot, stalled } from './store';
import { Box } from './views/Box';
import { CameraDialog } from './views/CameraDialog';
import { Cameras } from './views/Cameras';
import { EventDialog } from './views/EventDialog';
import { Events } from './views/Events';
import { Header } from './views/Header';
import { Notices } from './views/Notices';
import { Queues } from './views/Queues';
import { Windows } from './views/Windows';

export function App() {
  const ready = snapshot.value !== null;
  return (
    <div class="page" data-link={link.value} data-stalled={stalled.value}>
      <a class="skip" href="#windows">{t.value.skip}</a>
      <Header />
      <Notices />
      <p class="unseen" role="status" aria-live="polite">{announcement.value}</p>
      {ready ? (
        <main class="hall" id="hall">
          <div class="hall__board">
            <Windows />
            <Cameras />
          </div>
          <div class="hall__side">
            <Queues />
            <Events />
            <Box />
          </div>
        </main>
      ) : (
        <main class="waiting" aria-busy="true"><p>{t.value.loading}</p></main>
      )}
      <EventDialog />
      <CameraDialog />
    </div>
  );
}
