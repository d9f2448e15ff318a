// The menu drawer opens by itself (details); with a script it also closes on Escape and on a click beside it.
const drawer = document.querySelector("details.drawer");

if (drawer) {
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && drawer.open) {
      drawer.open = false;
      drawer.querySelector("summary").focus();
    }
  });
  document.addEventListener("click", (event) => {
    if (drawer.open && !drawer.contains(event.target)) drawer.open = false;
  });
}
