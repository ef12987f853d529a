/*
 * Functions that create elements of a page and change their text. Used by everything that shows words.
 */

/** Creates an element with a class and, if given, a text. */
export function make(name, className, text = '') {
  const element = document.createElement(name);
  element.className = className;
  element.textContent = text;
  return element;
}

/** Sets the text of an element only if it changes, so that selections and screen readers are not disturbed. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
