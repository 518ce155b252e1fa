// What people are told by mail: plain text, and the same as HTML that loads nothing from anywhere.

/** A letter to one person. */
export interface Letter {
  to: string
  subject: string
  text: string
  html: string
}

/** For whom somebody is to act, as what, and until when the link is good. */
export interface InvitationLetter {
  to: string
  /** The name of the person, which whoever invites has said; null for none. */
  name: string | null
  organizationName: string
  role: string
  /** The address of the member who invites; undefined for a key and for the operator. */
  inviter: string | undefined
  url: string
  expiresAt: Date
}

/** Writes an invitation. */
export function invitationLetter(invited: InvitationLetter): Letter {
  const organization = lineOf(invited.organizationName)
  const asWhat = `${article(invited.role)} ${invited.role} of “${organization}”`
  return toLetter(invited.to, `Invitation to ${organization}`, [
    greeting(invited.name),
    invited.inviter === undefined
      ? `You are invited to be ${asWhat}.`
      : `${invited.inviter} invites you to be ${asWhat}.`,
    `Open this link to accept. It can be used once, until ${instantOf(invited.expiresAt)}:`,
    { url: invited.url },
    'If you do not know what this is about, do nothing: nothing happens without the link. Do not pass it on, since whoever has it can use it.',
  ])
}

/** Writes to a member that it was reset; with the link by which it signs in anew, if that goes by mail. */
export function resetLetter({
  url,
  expiresAt,
  ...reset
}: Omit<InvitationLetter, 'url' | 'role'> & { url: string | undefined }): Letter {
  const organization = lineOf(reset.organizationName)
  const by = reset.inviter === undefined ? '' : ` by ${reset.inviter}`
  return toLetter(reset.to, `Your sign-in to ${organization} was reset`, [
    greeting(reset.name),
    `The ways in which you have signed in to “${organization}” were taken away${by}, and your sessions there have ended.`,
    ...(url === undefined
      ? ['You get a link from whoever did this, by which you sign in anew.']
      : [
          `Open this link to sign in anew. It can be used once, until ${instantOf(expiresAt)}:`,
          { url },
          'Do not pass it on, since whoever has it can use it.',
        ]),
    'If you did not ask for this, tell an owner of the organization at once.',
  ])
}

type Paragraph = string | { url: string }

function toLetter(to: string, subject: string, paragraphs: readonly Paragraph[]): Letter {
  const text = paragraphs.map((part) => (typeof part === 'string' ? part : part.url)).join('\n\n')
  const html = paragraphs
    .map((part) =>
      typeof part === 'string'
        ? `<p dir="auto">${escapeHtml(part)}</p>`
        : `<p><a href="${escapeHtml(part.url)}">${escapeHtml(part.url)}</a></p>`,
    )
    .join('\n')
  return {
    to,
    subject,
    text: `${text}\n`,
    html: `<!doctype html>\n<html lang="en"><meta charset="utf-8"><body>\n${html}\n</body></html>\n`,
  }
}

/**
 * A name that whoever invites has said is shown to a stranger: one that looks like a link, or like more than a name, would be an
 * advertisement that the operator's server sends.
 */
function greeting(name: string | null): string {
  const line = lineOf(name ?? '')
  const isPlain = line !== '' && [...line].length <= 64 && !/[/\\@:<>"“”=]|\.\S|https?|www/iu.test(line)
  return isPlain ? `Hello ${line},` : 'Hello,'
}

/** A name on one line, of which no character hides or turns its neighbours round. */
export function lineOf(text: string): string {
  return text
    .toWellFormed()
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, ' ')
    .replace(/[\p{Bidi_Control}\p{Default_Ignorable_Code_Point}]/gu, '')
    .replace(/\s+/gu, ' ')
    .trim()
    .slice(0, 256)
    .toWellFormed()
}

function article(role: string): string {
  return /^[aeiou]/.test(role) ? 'an' : 'a'
}

const instantFormat = new Intl.DateTimeFormat('en-GB', {
  dateStyle: 'long',
  timeStyle: 'short',
  timeZone: 'UTC',
})

function instantOf(at: Date): string {
  return `${instantFormat.format(at)} UTC`
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
