// SIRET fields: digits grouped as on official papers; on the home page the answer comes as soon as the number is whole.
const NBSP = "\u00a0";
const DIGITS = 14;

function group(digits) {
  const parts = [digits.slice(0, 3), digits.slice(3, 6), digits.slice(6, 9), digits.slice(9)];
  return parts.filter(Boolean).join(NBSP);
}

// Group what was typed unless it holds something else than digits and separators: the server says what is wrong there.
function format(field) {
  if (!/^[0-9\s.\u2010-\u2015-]*$/.test(field.value)) return;
  const caret = field.value.slice(0, field.selectionStart).replace(/[^0-9]/g, "").length;
  const digits = field.value.replace(/[^0-9]/g, "");
  if (digits.length > DIGITS) return;
  const grouped = group(digits);
  if (grouped === field.value) return;
  field.value = grouped;
  let position = 0;
  for (let seen = 0; seen < caret; position += 1) {
    if (/[0-9]/.test(grouped[position])) seen += 1;
  }
  field.setSelectionRange(position, position);
}

function hasValidKey(digits) {
  let luhn = 0;
  let sum = 0;
  [...digits].reverse().forEach((digit, index) => {
    const value = Number(digit);
    sum += value;
    luhn += index % 2 ? (value > 4 ? value * 2 - 9 : value * 2) : value;
  });
  if (sum === 0) return false;
  // Branches of La Poste have a key of their own.
  return luhn % 10 === 0 || (digits.startsWith("356000000") && sum % 5 === 0);
}

function answerOnTheSpot(form) {
  const field = form.elements.siret;
  const answer = document.getElementById(form.dataset.siretCheck);
  const button = form.querySelector("button");
  let asked = null; // what the answer that stands there or is on its way is about: nobody asks about it twice
  let request = null;

  async function ask() {
    asked = field.value;
    request?.abort();
    request = new AbortController();
    form.setAttribute("aria-busy", "true");
    button.setAttribute("aria-disabled", "true");
    try {
      const response = await fetch(form.action, {
        method: "POST",
        body: new FormData(form),
        headers: { "X-Fragment": "answer" },
        signal: request.signal,
      });
      if (response.headers.get("X-Fragment") !== "answer") throw new Error("no answer");
      answer.innerHTML = await response.text();
      if (!response.ok) asked = null; // too many tries: no answer yet
      field.setAttribute("aria-invalid", answer.querySelector("[data-invalid]") ? "true" : "false");
      answer.lastElementChild?.scrollIntoView({ block: "nearest" });
    } catch (error) {
      if (error.name === "AbortError") return;
      // No network, an expired form: the plain way shows the right page.
      form.submit();
      return;
    }
    form.removeAttribute("aria-busy");
    button.removeAttribute("aria-disabled");
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (field.value === asked) answer.lastElementChild?.scrollIntoView({ block: "nearest" });
    else ask();
  });
  field.addEventListener("input", () => {
    if (field.value === asked) return;
    // An answer never stands beside another number than its own, not even when it comes late.
    asked = null;
    request?.abort();
    form.removeAttribute("aria-busy");
    button.removeAttribute("aria-disabled");
    answer.replaceChildren();
    field.removeAttribute("aria-invalid");
    const digits = field.value.replace(/[^0-9]/g, "");
    if (digits.length === DIGITS && hasValidKey(digits)) ask();
  });
}

for (const field of document.querySelectorAll('input[name="siret"]:not([type="hidden"])')) {
  format(field);
  field.addEventListener("input", () => format(field));
}
document.querySelectorAll("form[data-siret-check]").forEach(answerOnTheSpot);
