// The list beside "Localité" follows the postal code; a code with one commune fills an empty field.
const CODE = /^[0-9]{5}$/;

function follow(field) {
  const list = document.getElementById(field.dataset.communes);
  const city = field.form.querySelector(`[list="${list.id}"]`);

  field.addEventListener("input", async () => {
    const code = field.value.replace(/\s/g, "");
    if (!CODE.test(code)) return;
    const response = await fetch(`/communes/${code}/`);
    if (!response.ok || response.redirected) return;
    const names = await response.json();
    list.replaceChildren(...names.map((name) => Object.assign(document.createElement("option"), { value: name })));
    if (names.length === 1 && !city.value.trim()) city.value = names[0];
  });
}

document.querySelectorAll("[data-communes]").forEach(follow);
