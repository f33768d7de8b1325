// Entry: draws the page and starts the flow of data.

import { render } from 'preact';
import { App } from './app';
import { start } from './live';
import { refresh } from './session';
import './styles/tokens.css';
import './styles/layout.css';
import './styles/windows.css';
import './styles/panels.css';
import './styles/devices.css';
import './styles/dialog.css';
import './styles/wall.css';
import './styles/account.css';

const root = document.getElementById('page');
if (root) {
  render(<App />, root);
  start();
  void refresh();
}
