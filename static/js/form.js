// Forms: no second sending while the first is under way, a button that shows the password, focus on what is wrong.

// A second click while the answer is on its way sends nothing. The lock opens by itself: after ten seconds, and when
// the browser brings the page back from its cache.
const LOCKED_FOR = 10_000;

function unlock(form) {
  delete form.dataset.sent;
  form.removeAttribute("aria-busy");
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post") return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "true";
  form.setAttribute("aria-busy", "true");
  setTimeout(unlock, LOCKED_FOR, form);
});

window.addEventListener("pageshow", () => {
  document.querySelectorAll("form[data-sent]").forEach(unlock);
});

// Show or hide what is typed in a password field.
for (const field of document.querySelectorAll('input[type="password"]')) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "reveal__button";
  button.setAttribute("aria-controls", field.id);
  const draw = () => {
    const hidden = field.type === "password";
    button.textContent = hidden ? "Afficher" : "Masquer";
    button.setAttribute("aria-label", hidden ? "Afficher le mot de passe" : "Masquer le mot de passe");
  };
  button.addEventListener("click", () => {
    field.type = field.type === "password" ? "text" : "password";
    draw();
  });
  // A browser keeps what was typed as text in its history of entries: it leaves the page as a password.
  field.form?.addEventListener("submit", () => {
    field.type = "password";
    draw();
  });
  draw();
  const wrapper = document.createElement("div");
  wrapper.className = "reveal";
  field.replaceWith(wrapper);
  wrapper.append(field, button);
}

// The summary of errors takes the focus; its links go to the field itself, also in a group of boxes.
const summary = document.querySelector("[data-error-summary]");
if (summary) {
  summary.focus();
  summary.addEventListener("click", (event) => {
    const link = event.target.closest('a[href^="#"]');
    const target = link && document.getElementById(link.hash.slice(1));
    const field = target?.matches("input, select, textarea") ? target : target?.querySelector("input, select, textarea");
    if (!field) return;
    event.preventDefault();
    field.closest(".field")?.scrollIntoView({ block: "center" });
    field.focus({ preventScroll: true });
  });
}
