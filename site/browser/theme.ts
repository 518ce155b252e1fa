// Before anything is painted: the reader's choice of light or dark, which the console keeps under the same name.
const chosen = localStorage.getItem('latchkey-theme')
if (chosen === 'light' || chosen === 'dark') document.documentElement.dataset.theme = chosen
