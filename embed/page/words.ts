// What the page behind a link says, beside the element in it.
import { type Language, languageOf } from '../words/languages.ts'

const en = {
  title: 'API keys',
  titleOf: (organization: string) => `API keys – ${organization}`,
  signedInAs: 'Signed in as',
  back: (host: string) => `Back to ${host}`,
  endsAt: (time: string) => `This page is open until ${time}.`,
  goBack: 'Go back to the page that you came from, and open it again.',
  goBackTo: (host: string) => `Go back to ${host}, and open it again.`,
  usedTitle: 'This link does not open any more',
  used: 'A link opens once, and within a few minutes.',
  endedTitle: 'Your session has ended',
  ended: 'Nothing of your keys has changed.',
  noneTitle: 'Nothing is open here',
  none: 'This page opens by a link of the service whose API keys you want to see.',
  unreachableTitle: 'The server did not answer',
  unreachable: 'Check your connection.',
  tryAgain: 'Try again',
  loading: 'Opening…',
}

export type PageWords = typeof en

const words: Record<Language, PageWords> = {
  en,
  de: {
    title: 'API-Schlüssel',
    titleOf: (organization) => `API-Schlüssel – ${organization}`,
    signedInAs: 'Angemeldet als',
    back: (host) => `Zurück zu ${host}`,
    endsAt: (time) => `Diese Seite ist bis ${time} geöffnet.`,
    goBack: 'Gehen Sie zurück zu der Seite, von der Sie kamen, und öffnen Sie sie von dort erneut.',
    goBackTo: (host) => `Gehen Sie zurück zu ${host}, und öffnen Sie die Seite von dort erneut.`,
    usedTitle: 'Dieser Link öffnet nichts mehr',
    used: 'Ein Link gilt ein einziges Mal, und nur wenige Minuten.',
    endedTitle: 'Ihre Sitzung ist zu Ende',
    ended: 'An Ihren Schlüsseln hat sich nichts geändert.',
    noneTitle: 'Hier ist nichts geöffnet',
    none: 'Diese Seite öffnet sich durch einen Link des Dienstes, dessen API-Schlüssel Sie sehen möchten.',
    unreachableTitle: 'Der Server antwortet nicht',
    unreachable: 'Prüfen Sie Ihre Verbindung.',
    tryAgain: 'Erneut versuchen',
    loading: 'Wird geöffnet …',
  },
  es: {
    title: 'Claves de API',
    titleOf: (organization) => `Claves de API – ${organization}`,
    signedInAs: 'Sesión de',
    back: (host) => `Volver a ${host}`,
    endsAt: (time) => `Esta página está abierta hasta ${time}.`,
    goBack: 'Vuelva a la página de la que vino y ábrala otra vez desde allí.',
    goBackTo: (host) => `Vuelva a ${host} y abra la página otra vez desde allí.`,
    usedTitle: 'Este enlace ya no abre nada',
    used: 'Un enlace sirve una sola vez, y durante unos minutos.',
    endedTitle: 'Su sesión ha terminado',
    ended: 'Nada ha cambiado en sus claves.',
    noneTitle: 'Aquí no hay nada abierto',
    none: 'Esta página se abre con un enlace del servicio cuyas claves de API quiere ver.',
    unreachableTitle: 'El servidor no responde',
    unreachable: 'Compruebe su conexión.',
    tryAgain: 'Reintentar',
    loading: 'Abriendo…',
  },
}

/** What the page says in a language (BCP 47). */
export function pageWordsOf(tag: string): PageWords {
  return words[languageOf(tag)]
}
