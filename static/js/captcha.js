// « Je ne suis pas un robot »: draws the proof-of-work widget, and Google's test for those who ask for it.
//
// The widget starts by itself when the visitor enters the form. A form sent before it is ready waits for it; where it
// fails, the form goes without an answer and the server applies the limit it has for pages without JavaScript.

const PATIENCE = 15_000; // ms a sending waits for the widget
const ALGORITHM = "PBKDF2/SHA-256";

const box = document.querySelector("[data-captcha]");
if (box) await start(box);

async function start(box) {
  const form = box.closest("form");
  const widget = await draw(box);
  const google = box.querySelector("[data-captcha-google]");
  if (google) offerGoogle(google, box.querySelector("[data-captcha-box]"), widget);
  let mayLeave = false;

  form.addEventListener(
    "submit",
    (event) => {
      if (mayLeave || !widget.isConnected || widget.getState() === "verified") return;
      event.preventDefault();
      event.stopImmediatePropagation();
      const button = event.submitter;
      solve(widget).then(() => {
        mayLeave = true;
        // A browser ignores a second sending from within the first one's event.
        setTimeout(() => form.requestSubmit(button));
      });
    },
    { capture: true },
  );
  // Back from the next page, the answer that was sent is spent.
  window.addEventListener("pageshow", () => {
    mayLeave = false;
  });
}

async function draw(box) {
  // Addresses come from the page: the names of static files carry a hash that a script cannot know.
  await import(box.dataset.words);
  const words = globalThis.$altcha.i18n;
  words.set("fr-fr", {
    ...words.get("fr-fr"),
    label: "Je ne suis pas un robot *",
    error: "La vérification n’a pas abouti. Cochez de nouveau la case.",
  });
  await import(box.dataset.widget);
  globalThis.$altcha.algorithms.set(ALGORITHM, () => new Worker(box.dataset.worker));
  const widget = document.createElement("altcha-widget");
  widget.setAttribute("name", box.dataset.name);
  widget.setAttribute("challenge", box.dataset.challenge);
  widget.setAttribute("language", "fr-fr");
  widget.setAttribute("auto", "onfocus");
  widget.setAttribute(
    "configuration",
    JSON.stringify({ hideFooter: true, hideLogo: true, humanInteractionSignature: false, minDuration: 0 }),
  );
  box.querySelector("[data-captcha-box]").append(widget);
  return widget;
}

// Resolves when the widget has an answer, has failed, or has taken too long.
function solve(widget) {
  return new Promise((resolve) => {
    const settled = () => ["verified", "error"].includes(widget.getState());
    widget.addEventListener("statechange", () => settled() && resolve());
    setTimeout(resolve, PATIENCE);
    if (widget.getState() !== "verifying") widget.verify();
  });
}

// Nothing of Google's is loaded before the visitor has asked for it on the spot.
function offerGoogle(offer, place, widget) {
  const [show, hide, slot] = ["show", "hide", "slot"].map((name) => offer.querySelector(`[data-captcha-${name}]`));
  offer.hidden = false;
  const choose = (google) => {
    show.hidden = google;
    hide.hidden = !google;
    if (google) widget.remove();
    else place.append(widget);
  };
  show.addEventListener("click", async () => {
    choose(true);
    await loadGoogle(offer.dataset.api);
    const test = document.createElement("div");
    slot.replaceChildren(test);
    globalThis.grecaptcha.render(test, { sitekey: offer.dataset.key });
    hide.focus();
  });
  hide.addEventListener("click", () => {
    slot.replaceChildren();
    choose(false);
    show.focus();
  });
}

function loadGoogle(address) {
  if (globalThis.grecaptcha?.render) return Promise.resolve();
  return new Promise((resolve, reject) => {
    globalThis.showGoogleTest = resolve;
    const script = document.createElement("script");
    script.src = `${address}?render=explicit&hl=fr&onload=showGoogleTest`;
    script.addEventListener("error", reject);
    document.head.append(script);
  });
}
