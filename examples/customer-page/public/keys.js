// How the element in the page gets a session from the app's backend: at the start, and when the one before is over.
document.querySelector('latchkey-keys').getToken = async () => {
  const answer = await fetch('/latchkey-token', { method: 'POST' })
  if (!answer.ok) throw new Error('Nobody is signed in.')
  return answer.json()
}
