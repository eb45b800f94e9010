/* Says by the reader's own clock which pages are late; the list itself knows only when it was written. */
let late = 0;
for (const said of document.querySelectorAll("[data-due]")) {
  const minutes = Math.floor((Date.now() - Date.parse(said.dataset.due)) / 60000);
  const hours = Math.floor(minutes / 60);
  let behind = Math.floor(hours / 24) + "\u00a0days";
  if (hours < 72) behind = hours + "\u00a0h";
  if (minutes < 60) behind = minutes + "\u00a0min";
  said.textContent = said.dataset.rule + (minutes < 0 ? "" : ", " + behind + " late");
  said.classList.toggle("w-failed", minutes >= 0);
  late += minutes >= 0;
}
const total = document.getElementById("late");
if (total) total.textContent = late ? "Late: " + late + "." : "";
