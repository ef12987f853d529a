/*
 * Elements of a page: how to make one, and how to change its text. Used by everything that shows words.
 */

/** A new element with a class and, if given, a text. */
export function make(name, className, text = '') {
  const element = document.createElement(name);
  element.className = className;
  element.textContent = text;
  return element;
}

/** Leaves the element alone when nothing changes, so selections and screen readers are not disturbed. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
