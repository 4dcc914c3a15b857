// The documentation is dark where the person's pages are: Swagger UI has a look of its own for it.
(() => {
  "use strict";
  const root = document.documentElement, system = matchMedia("(prefers-color-scheme: dark)");
  const show = () => root.classList.toggle("dark-mode", root.dataset.bsTheme === "dark" || root.dataset.bsTheme !== "light" && system.matches);
  system.addEventListener("change", show);
  show();
})();
