"use strict";
const form = document.getElementById("form"), text = document.getElementById("text"), key = document.getElementById("key");
const said = document.getElementById("said"), result = document.getElementById("result"), button = form.querySelector("button");

function say(words, odd) {
  said.textContent = words;
  said.classList.toggle("odd", odd);
}

async function tag() {
  if (button.disabled || !form.reportValidity()) return;
  const headers = { "Content-Type": "application/json" };
  if (key) headers.Authorization = "Bearer " + key.value;
  button.disabled = true;
  say("Tagging …", false);
  try {
    const answer = await fetch("drawn", { method: "POST", headers, body: JSON.stringify({ texts: [text.value] }) });
    if (answer.ok) {
      result.innerHTML = await answer.text(); // drawn and escaped by the service; the policy of the page runs no script in it
      say("", false);
    } else {
      say((await answer.json()).error, true);
    }
  } catch {
    say("The service does not answer.", true);
  } finally {
    button.disabled = false;
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  tag();
});
text.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    tag();
  }
});

async function look() {
  const model = document.getElementById("model");
  try {
    const health = await (await fetch("healthz")).json();
    model.textContent = health.status === "ready" ? health.model : "The service is " + health.status + ".";
    if (health.status === "loading" || health.status === "failing") setTimeout(look, 1000);
  } catch {
    model.textContent = "The service does not answer.";
  }
}
look();
