// Quantity: − and + beside a number field, and a total that follows. The server computes the total again.
//
//   <input type="number" data-stepper="lot" min="1" max="3">
//   <p data-live-total="id_lots" data-unit-price="92.50" data-vat-rate="5.50" data-lot-size="40" aria-live="polite">
//     <span data-no-total hidden>…</span> where the quantity cannot be had
//     <span data-total>… <span data-part="lots"> "masks" "excl" "vat" "incl"
const NBSP = "\u00a0";

// Money is counted in whole cents, rates in hundredths of a percent: no fraction is ever rounded by accident.
function hundredths(text) {
  const [whole, fraction = ""] = text.split(".");
  return Number(whole) * 100 + Number(fraction.padEnd(2, "0").slice(0, 2));
}

function euros(cents) {
  const digits = String(cents).padStart(3, "0");
  const whole = digits.slice(0, -2).replace(/\B(?=(\d{3})+$)/g, NBSP);
  return `${whole},${digits.slice(-2)}${NBSP}€`;
}

function totals({ unitPrice, vatRate, lotSize }, lots) {
  const excl = hundredths(unitPrice) * lots;
  const vat = Math.floor((excl * hundredths(vatRate) + 5_000) / 10_000);
  const lotsText = `${lots}${NBSP}lot${lots > 1 ? "s" : ""}`;
  return { lots: lotsText, masks: `${lots * Number(lotSize)}${NBSP}masques`, excl: euros(excl), vat: euros(vat), incl: euros(excl + vat) };
}

function quantity(field) {
  const lots = Number(field.value);
  const isWithin = Number.isInteger(lots) && lots >= Number(field.min || 1) && lots <= Number(field.max || Infinity);
  return isWithin ? lots : null;
}

function addButtons(field) {
  const noun = field.dataset.stepper || "lot";
  const make = (sign, step, label) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "stepper__button";
    button.textContent = sign;
    button.setAttribute("aria-label", label);
    button.addEventListener("click", () => {
      const [low, high] = [Number(field.min || 1), Number(field.max || Infinity)];
      field.value = Math.min(high, Math.max(low, (Math.round(Number(field.value)) || low - step) + step));
      field.dispatchEvent(new Event("input", { bubbles: true }));
    });
    return button;
  };
  const less = make("−", -1, `Retirer un ${noun}`);
  const more = make("+", 1, `Ajouter un ${noun}`);
  const wrapper = document.createElement("div");
  wrapper.className = "stepper";
  field.replaceWith(wrapper);
  wrapper.append(less, field, more);
  const draw = () => {
    const lots = Number(field.value);
    // aria-disabled keeps the focus where it is when the limit is reached.
    less.setAttribute("aria-disabled", lots <= Number(field.min || 1));
    more.setAttribute("aria-disabled", lots >= Number(field.max || Infinity));
  };
  field.addEventListener("input", draw);
  draw();
}

document.querySelectorAll("input[data-stepper]").forEach(addButtons);

for (const total of document.querySelectorAll("[data-live-total]")) {
  const field = document.getElementById(total.dataset.liveTotal);
  if (!field) continue;
  field.addEventListener("input", () => {
    const lots = quantity(field);
    total.querySelector("[data-total]").hidden = lots === null;
    total.querySelector("[data-no-total]").hidden = lots !== null;
    if (lots === null) return;
    for (const [part, text] of Object.entries(totals(total.dataset, lots))) {
      total.querySelectorAll(`[data-part="${part}"]`).forEach((element) => {
        element.textContent = text;
      });
    }
  });
}
