// A security key that was refused, taken out, or belongs to another site: say so, allauth's script only logs it.
document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  const trouble = document.getElementById("key-trouble");
  trouble.hidden = false;
  trouble.scrollIntoView({ block: "nearest" });
});
