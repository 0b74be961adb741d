import { Menu, type MenuItemConstructorOptions } from 'electron';
import type { Words } from './words.ts';

export interface MenuActions {
  navigate(place: string): void;
  importAdapter(): void;
  openData(): void;
  about(): void;
}

type Item = MenuItemConstructorOptions;

const LINE: Item = { type: 'separator' };

/** The application's menu in the language of the settings. macOS has its own first menu. */
export function setMenu(words: Words, actions: MenuActions): void {
  const mac = process.platform === 'darwin';
  const menus = [fileMenu, editMenu, goMenu, viewMenu, windowMenu, helpMenu];
  const template = menus.map((menu) => menu(words, actions, mac));
  if (mac) template.unshift(macMenu(words, actions));
  Menu.setApplicationMenu(Menu.buildFromTemplate(template));
}

function macMenu(words: Words, actions: MenuActions): Item {
  return {
    label: 'KARST Studio',
    submenu: [
      { label: words.about, click: () => actions.about() },
      LINE,
      {
        label: words.settings,
        accelerator: 'Cmd+,',
        click: () => actions.navigate('/settings'),
      },
      LINE,
      { role: 'hide', label: words.hide },
      { role: 'hideOthers', label: words.hideOthers },
      { role: 'unhide', label: words.showAll },
      LINE,
      { role: 'quit', label: words.quit },
    ],
  };
}

function fileMenu(words: Words, actions: MenuActions, mac: boolean): Item {
  return {
    label: words.file,
    submenu: [
      { label: words.addImages, click: () => actions.navigate('/data') },
      { label: words.importAdapter, click: () => actions.importAdapter() },
      LINE,
      { label: words.openData, click: () => actions.openData() },
      LINE,
      mac ? { role: 'close', label: words.close } : { role: 'quit', label: words.quit },
    ],
  };
}

function editMenu(words: Words): Item {
  return {
    label: words.edit,
    submenu: [
      { role: 'undo', label: words.undo },
      { role: 'redo', label: words.redo },
      LINE,
      { role: 'cut', label: words.cut },
      { role: 'copy', label: words.copy },
      { role: 'paste', label: words.paste },
      { role: 'selectAll', label: words.selectAll },
    ],
  };
}

function goMenu(words: Words, actions: MenuActions, mac: boolean): Item {
  const places: readonly (readonly [label: string, place: string])[] = [
    [words.projects, '/projects'],
    [words.data, '/data'],
    [words.backbones, '/backbones'],
    [words.train, '/train'],
    [words.runs, '/runs'],
    [words.library, '/library'],
    [words.tryIt, '/try'],
  ];
  const items: Item[] = places.map(([label, place], index) => ({
    label,
    accelerator: `CmdOrCtrl+${index + 1}`,
    click: () => actions.navigate(place),
  }));
  const settings: Item = {
    label: words.settings,
    accelerator: 'Ctrl+,',
    click: () => actions.navigate('/settings'),
  };
  return { label: words.go, submenu: mac ? items : [...items, LINE, settings] };
}

function viewMenu(words: Words): Item {
  return {
    label: words.view,
    submenu: [
      { role: 'reload', label: words.reload },
      LINE,
      { role: 'zoomIn', label: words.zoomIn },
      { role: 'zoomOut', label: words.zoomOut },
      { role: 'resetZoom', label: words.actualSize },
      LINE,
      { role: 'togglefullscreen', label: words.fullScreen },
      { role: 'toggleDevTools', label: words.developer },
    ],
  };
}

function windowMenu(words: Words): Item {
  return {
    label: words.window,
    submenu: [
      { role: 'minimize', label: words.minimise },
      { role: 'close', label: words.close },
    ],
  };
}

function helpMenu(words: Words, actions: MenuActions, mac: boolean): Item {
  const diagnosis: Item = {
    label: words.diagnosis,
    click: () => actions.navigate('/settings'),
  };
  const about: Item = { label: words.about, click: () => actions.about() };
  return { label: words.help, submenu: mac ? [diagnosis] : [diagnosis, LINE, about] };
}
