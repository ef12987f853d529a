/*
 * Functions that create elements of a page and change their text. Used by everything that shows words.
 */

export const byId = (id) => document.getElementById(id);

/** Creates an element with a class and, if given, a text. */
export function make(name, className, text = '') {
  const element = document.createElement(name);
  if (className) element.className = className;
  element.textContent = text;
  return element;
}

/** Creates a button. */
export function makeButton(className, text, run) {
  const button = make('button', className, text);
  button.type = 'button';
  button.addEventListener('click', run);
  return button;
}

/** Sets the text of an element only if it changes, so that selections and screen readers are not disturbed. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * Makes the children of an element be those of a list, in its order, and keeps elements that stay: a refresh then
 * disturbs neither the keyboard focus nor a selection. The map has the rows by key; create(key) makes a row, which has
 * an element and show(item).
 */
export function showRows(container, rows, items, keyOf, create) {
  const keys = new Set(items.map(keyOf));
  for (const [key, row] of rows) {
    if (!keys.has(key)) {
      row.element.remove();
      rows.delete(key);
    }
  }
  let previous = null;
  for (const item of items) {
    const key = keyOf(item);
    if (!rows.has(key)) rows.set(key, create(key));
    const row = rows.get(key);
    row.show(item);
    const place = previous ? previous.nextElementSibling : container.firstElementChild;
    if (place !== row.element) container.insertBefore(row.element, place);
    previous = row.element;
  }
}
