// Niceties only; every page works without. "/" goes to the search field, the session's end is told.
"use strict";

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, select, textarea");
  if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
  const field = document.querySelector("[data-search]");
  if (!field) return;
  event.preventDefault();
  field.focus();
  field.select();
});

for (const field of document.querySelectorAll("[data-submits]")) {
  field.addEventListener("change", () => field.form.requestSubmit());
}

for (const button of document.querySelectorAll("[data-prints]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}

const refresh = document.body.dataset.refresh;
if (refresh) window.setTimeout(() => window.location.reload(), Number(refresh) * 1000);

const idle = document.querySelector("[data-idle]");
if (idle) {
  // To the door, not the page anew: that would keep the session of somebody who has left alive.
  const end = Date.now() + Number(idle.dataset.idle) * 1000;
  const here = encodeURIComponent(window.location.pathname + window.location.search);
  const typed = () => [...document.querySelectorAll("textarea")].some((one) => one.value.trim());
  window.setInterval(() => {
    const left = Math.max(0, end - Date.now());
    if (left === 0 && !typed()) window.location.replace(`/login?next=${here}`);
    if (left === 0) idle.textContent = "this session has ended; what you typed can still be sent";
    else if (left < 120000) idle.textContent = `this session ends in ${Math.ceil(left / 1000)} s`;
  }, 1000);
}
