// Reads a move aloud with the browser's own voice, in the language of the page. Nothing is sent anywhere by us.
'use strict';
const voice = window.speechSynthesis;
if (voice && window.SpeechSynthesisUtterance) {
  let pressed = null;
  const stop = () => {
    voice.cancel();
    if (pressed) pressed.setAttribute('aria-pressed', 'false');
    pressed = null;
  };
  // A sentence at a time: some browsers fall silent in a long one.
  const sentences = part => [...part.querySelectorAll('.aloud')]
    .flatMap(each => each.matches('ol, ul') ? [...each.children] : [each]).map(each => each.textContent.trim());
  for (const button of document.querySelectorAll('.listen')) {
    button.hidden = false;
    button.addEventListener('click', () => {
      const again = pressed === button;
      stop();
      if (again) return;
      pressed = button; button.setAttribute('aria-pressed', 'true');
      const texts = sentences(button.closest('[data-aloud]'));
      texts.forEach((text, index) => {
        const said = new SpeechSynthesisUtterance(text);
        said.lang = document.documentElement.lang; said.rate = 0.9;
        if (index === texts.length - 1) said.onend = () => { if (pressed === button) stop(); };
        voice.speak(said);
      });
    });
  }
  addEventListener('pagehide', stop);
  addEventListener('hashchange', stop);
}
