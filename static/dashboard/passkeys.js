// Pages about passkeys: ask the device, and send its answer with the form that the button stands in.
const said = (form, words) => {
  const place = form.querySelector("[data-passkey-said]");
  place.textContent = words;
  place.hidden = !words;
};

const ask = async (form) => {
  if (form.dataset.passkey === "add") {
    const { publicKey } = JSON.parse(form.dataset.options);
    const options = PublicKeyCredential.parseCreationOptionsFromJSON(publicKey);
    return navigator.credentials.create({ publicKey: options });
  }
  const answer = await fetch(form.action, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error("no options");
  const { publicKey } = (await answer.json()).request_options;
  const options = PublicKeyCredential.parseRequestOptionsFromJSON(publicKey);
  return navigator.credentials.get({ publicKey: options });
};

for (const form of document.querySelectorAll("form[data-passkey]")) {
  if (!window.PublicKeyCredential?.parseRequestOptionsFromJSON) {
    if (form.dataset.passkey === "add") said(form, "This browser knows no passkeys. Use a newer one.");
    continue;
  }
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    said(form, "");
    try {
      const credential = await ask(form);
      form.elements.credential.value = JSON.stringify(credential.toJSON());
      form.submit();
    } catch {
      said(form, "Your device gave no passkey. Try again.");
    }
  });
}
