// What pages of a workspace do by themselves: "/" and Ctrl-K lead to the search field.
document.addEventListener("keydown", (event) => {
  const typing = event.target.matches("input, textarea, select, [contenteditable]");
  const slash = event.key === "/" && !typing;
  const k = event.key === "k" && (event.ctrlKey || event.metaKey);
  if (!slash && !k) return;
  const field = document.querySelector(".search input");
  if (!field) return;
  event.preventDefault();
  field.focus();
  field.select();
});

// A field that filters sends its form as soon as something is chosen.
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-sends]")) event.target.form.requestSubmit();
});

// A button that cannot be undone asks first.
document.addEventListener("submit", (event) => {
  const words = event.submitter?.dataset.asks;
  if (words && !window.confirm(words)) event.preventDefault();
});

// A page that is made to be printed has a button for it.
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-prints]")) window.print();
});

// In the queue of Review the arrow keys move from item to item, and Enter opens the one in focus.
document.addEventListener("keydown", (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const items = [...document.querySelectorAll(".queue-item")];
  if (!step || !items.length || event.target.matches("input, textarea, select")) return;
  const focused = items.indexOf(document.activeElement);
  const current = focused >= 0 ? focused : items.findIndex((item) => item.ariaCurrent);
  const next = items[Math.min(Math.max(current + step, 0), items.length - 1)];
  event.preventDefault();
  next.focus();
});
