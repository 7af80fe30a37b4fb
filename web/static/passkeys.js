// Passkeys: asks the device, and puts what it signed into the form. Without them the password is left.
'use strict';
const bytes = text => Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), sign => sign.charCodeAt(0));
const text = buffer => btoa(String.fromCharCode(...new Uint8Array(buffer)))
  .replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');

async function asked(address) {
  const answer = await fetch(address, { headers: { 'X-Fragment': '1' } });
  if (!answer.ok) throw new Error(answer.status);
  return answer.json();
}

async function signed(address) {
  const options = await asked(address);
  options.challenge = bytes(options.challenge);
  options.allowCredentials = [];
  const found = await navigator.credentials.get({ publicKey: options });
  const { clientDataJSON, authenticatorData, signature, userHandle } = found.response;
  return written(found, {
    clientDataJSON: text(clientDataJSON), authenticatorData: text(authenticatorData), signature: text(signature),
    userHandle: userHandle ? text(userHandle) : undefined,
  });
}

async function made(address) {
  const options = await asked(address);
  options.challenge = bytes(options.challenge);
  options.user.id = bytes(options.user.id);
  for (const each of options.excludeCredentials || []) each.id = bytes(each.id);
  const found = await navigator.credentials.create({ publicKey: options });
  const { clientDataJSON, attestationObject } = found.response;
  return written(found, { clientDataJSON: text(clientDataJSON), attestationObject: text(attestationObject) });
}

const written = (found, response) => JSON.stringify({
  id: found.id, rawId: text(found.rawId), type: found.type, response, clientExtensionResults: {},
});

function whole(form) {
  const failed = form.querySelector(':scope > [role=alert][hidden]');
  form.hidden = false;
  form.addEventListener('submit', async event => {
    if (form.elements.passkey.value) return;
    event.preventDefault();
    failed.hidden = true;
    try {
      form.elements.passkey.value = await ('new' in form.dataset ? made : signed)(form.dataset.passkey);
      form.submit();
    } catch { failed.hidden = false; }
  });
}

function instead(place) {
  const form = place.closest('form'), [there, failed] = place.querySelectorAll('[role]');
  place.hidden = false;
  place.querySelector('button').addEventListener('click', async () => {
    there.hidden = failed.hidden = true;
    try {
      place.querySelector('input').value = await signed(place.dataset.mine);
      form.elements.my_password.required = false;
      there.hidden = false;
    } catch { failed.hidden = false; }
  });
}

if (window.PublicKeyCredential) {
  document.querySelectorAll('[data-passkey]').forEach(whole);
  document.querySelectorAll('[data-mine]').forEach(instead);
}
