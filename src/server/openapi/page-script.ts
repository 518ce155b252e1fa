// The script of the reference page. It makes elements, never HTML of text, so that Trusted Types allow all of it.

export const docsScript = `'use strict'
const root = document.documentElement
// The choice that the console keeps.
const theme = localStorage.getItem('latchkey-theme')
if (theme === 'light' || theme === 'dark') root.dataset.theme = theme

addEventListener('DOMContentLoaded', () => {
  // One language for all calls, and for the next visit; a call that it lacks keeps its own.
  const radios = [...document.querySelectorAll('.samples input')]
  function choose(language) {
    for (const radio of radios) if (radio.value === language) radio.checked = true
  }
  choose(localStorage.getItem('latchkey-docs-language'))
  document.addEventListener('change', ({ target }) => {
    if (!radios.includes(target)) return
    const before = target.getBoundingClientRect().top
    choose(target.value)
    // What is above may have become longer: the reader stays where they are.
    scrollBy({ top: target.getBoundingClientRect().top - before, behavior: 'instant' })
    localStorage.setItem('latchkey-docs-language', target.value)
  })

  for (const block of document.querySelectorAll('main pre')) {
    const button = document.createElement('button')
    button.type = 'button'
    button.className = 'copy'
    button.textContent = 'Copy'
    button.addEventListener('click', async () => {
      await navigator.clipboard.writeText(block.textContent)
      button.textContent = 'Copied'
      setTimeout(() => { button.textContent = 'Copy' }, 2000)
    })
    // Behind the code, so that it is no part of what is copied or scrolled.
    block.after(button)
  }

  const nav = document.getElementById('calls')
  const search = nav.querySelector('.search')
  const input = search.querySelector('input')
  const status = search.querySelector('[role=status]')
  const items = [...nav.querySelectorAll('li')].map((item) => ({
    item,
    words: (item.textContent + ' ' + (item.dataset.words ?? '')).toLowerCase(),
  }))
  search.hidden = false
  input.addEventListener('input', () => {
    const sought = input.value.toLowerCase().split(/\\s+/).filter((word) => word !== '')
    let found = 0
    for (const { item, words } of items) {
      item.hidden = !sought.every((word) => words.includes(word))
      if (!item.hidden) found++
    }
    for (const section of nav.querySelectorAll('section'))
      section.hidden = section.querySelector('li:not([hidden])') === null
    status.textContent = sought.length === 0 ? '' : found === 0 ? 'Nothing found.' : found + ' found'
  })
  input.addEventListener('keydown', ({ key }) => {
    if (key === 'Enter') nav.querySelector('li:not([hidden]) a')?.click()
  })
  addEventListener('keydown', (event) => {
    if (event.key !== '/' || event.target.closest('input:not([type=radio])')) return
    event.preventDefault()
    if (nav.matches(':not(:popover-open)') && getComputedStyle(nav).display === 'none') nav.showPopover()
    input.focus()
  })
  nav.addEventListener('click', ({ target }) => {
    if (target.closest('a') && nav.matches(':popover-open')) nav.hidePopover()
  })
})
`
