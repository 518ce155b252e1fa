#!/usr/bin/env python3
"""Verifies an exported audit log of Latchkey, with nothing of Latchkey: python3 verify.py LOG [CHECKPOINT...] [--key KEY]...

LOG is what `latchkey audit export` wrote. Each CHECKPOINT is a file of notes that you kept. KEY is a public key of the instance, as
`latchkey audit signers` prints it; of several, one must have signed. Exits 1 and says what is wrong, if anything is. The format
is in docs/guides/audit.md.
"""
import base64
import hashlib
import json
import re
import sys

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


class Wrong(Exception):
    pass


def sha256(data):
    return hashlib.sha256(data).digest()


def node(left, right):
    return sha256(b"\1" + left + right)


def root_of(peaks):
    """RFC 6962, section 2.1: the hash of the tree, by those of its complete subtrees, as (size, hash), the largest first."""
    if not peaks:
        return sha256(b"")
    top = peaks[-1][1]
    for _, peak in reversed(peaks[:-1]):
        top = node(peak, top)
    return top


def append(peaks, leaf):
    size = 1
    while peaks and peaks[-1][0] == size:
        leaf, size = node(peaks.pop()[1], leaf), size * 2
    peaks.append((size, leaf))


def decode(text):
    data = base64.b64decode(text, validate=True)
    if base64.b64encode(data).decode() != text:
        raise Wrong("There is one way to write bytes in base64, and this is another one.")
    return data


def read_note(note):
    """https://c2sp.org/signed-note and https://c2sp.org/tlog-checkpoint: text, an empty line, signatures."""
    text, _, end = note.rpartition("\n\n")
    lines = text.split("\n")
    signatures = [re.fullmatch("\u2014 ([^\\s+]+) ([A-Za-z0-9+/]+={0,2})", line) for line in end.split("\n")[:-1]]
    if len(lines) != 3 or not re.fullmatch("0|[1-9][0-9]{0,15}", lines[1]) or not note.endswith("\n") or None in signatures:
        raise Wrong("This is no checkpoint.")
    return {"text": text + "\n", "origin": lines[0], "size": int(lines[1]), "root": decode(lines[2]),
            "signatures": [(line[1], decode(line[2])) for line in signatures]}


def has_signed(checkpoint, key):
    name, _, rest = key.partition("+")
    hash_, _, encoded = rest.partition("+")
    public = base64.b64decode(encoded)
    if sha256(name.encode() + b"\n" + public)[:4].hex() != hash_ or len(public) != 33 or public[0] != 1:
        raise Wrong("The key is not one of Ed25519, or was not copied whole.")
    own = [blob[4:] for signer, blob in checkpoint["signatures"] if signer == name and blob[:4].hex() == hash_]
    return bool(own) and all(is_signed(public[1:], checkpoint["text"].encode(), signature) for signature in own)


def decompress(data):
    """A point of Ed25519 (RFC 8032, section 5.1.3), in extended coordinates."""
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    x2 = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(x2, (P + 3) // 8, P)
    if (x * x - x2) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if y >= P or (x * x - x2) % P or (x == 0 and sign):
        return None
    x = P - x if x & 1 != sign else x
    return (x, y, 1, x * y % P)


def add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def multiply(number, point):
    result = (0, 1, 1, 0)
    while number:
        if number & 1:
            result = add(result, point)
        point, number = add(point, point), number >> 1
    return result


def is_signed(public, message, signature):
    key, point, factor = decompress(public), decompress(signature[:32]), int.from_bytes(signature[32:], "little")
    if len(signature) != 64 or key is None or point is None or factor >= ORDER:
        return False
    base = decompress((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))
    challenge = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little")
    left, right = multiply(factor, base), add(point, multiply(challenge, key))
    return (left[0] * right[2] - right[0] * left[2]) % P == 0 and (left[1] * right[2] - right[1] * left[2]) % P == 0


def commitment(salt, text):
    return base64.b64encode(sha256((salt + text).encode())).decode()


def verify(log, kept, keys):
    head, _, rest = log.partition("\n")
    lines, end, note = rest.partition("\n\n") if not rest.startswith("\n") else ("", "\n", rest[1:])
    title, _, origin = head.partition("\t")
    if title != "latchkey log v1" or not origin or "\t" in origin or not end:
        raise Wrong("This is no log of Latchkey, or it breaks off.")
    last = read_note(note)
    notes = [last]
    for text in kept:
        read = [read_note(note) for note in re.split(r"(?<=\n)(?=[^\n]+\n[0-9]+\n[^\n]+\n\n)", text)]
        if all(note["origin"] != origin for note in read):
            raise Wrong("A checkpoint is of another log.")
        notes += read
    if keys and not all(any(has_signed(note, key) for key in keys) for note in notes):
        raise Wrong("A checkpoint is not signed by the key.")
    sizes, organization = {note["size"] for note in notes}, "/".join(origin.split("/")[3:])
    peaks, roots, count, cut, erased, unnamed = [], {0: root_of([])}, 0, 0, 0, {}
    for line in lines.split("\n") if lines else []:
        count += 1
        number, hash_, leaf, details_salt, details, origin_salt, who = line.split("\t")
        if not (leaf or details_salt or details or origin_salt or who) and cut == count - 1 and number == str(count):
            # Of events at the beginning only the hashes are left: the log was cut.
            leaf_hash, cut = decode(hash_), count
            if len(leaf_hash) != 32:
                raise Wrong(f"The hash of event {count} is none.")
        else:
            leaf_hash = sha256(b"\0" + leaf.encode())
            sealed = json.loads(leaf) if base64.b64encode(leaf_hash).decode() == hash_ else {}
            if number != str(count) or sealed.get("v") != 1:
                raise Wrong(f"Event {count} is missing, or is not what was sealed.")
            if details_salt or details:
                if commitment(details_salt, details) != sealed["details"]:
                    raise Wrong(f"The details of event {count} are not those that were sealed.")
                if sealed.get("action") == "log.erased":
                    event_ids = json.loads(details)["changes"]["event_ids"]
                    if not isinstance(event_ids, list):
                        raise Wrong(f"Event {count} does not say what was erased.")
                    for event_id in event_ids:
                        unnamed.pop(event_id, None)
            else:
                erased += 1
                unnamed[sealed["id"]] = count
            if (origin_salt or who) and commitment(origin_salt, who) != sealed["origin"]:
                raise Wrong(f"The origin of event {count} is not the one that was sealed.")
            if organization and organization != sealed["organization_id"]:
                raise Wrong(f"Event {count} is of another organization.")
        append(peaks, leaf_hash)
        if count in sizes:
            roots[count] = root_of(peaks)
    for note in notes:
        if note["origin"] == origin and note["size"] > count:
            raise Wrong("A checkpoint is of a longer log.")
        if note["origin"] == origin and note["root"] != roots[note["size"]]:
            raise Wrong(f"Something up to event {note['size']} is not what it was at the checkpoint.")
    if last["origin"] != origin or last["size"] != count:
        raise Wrong("The log does not end where its checkpoint does.")
    if unnamed:
        raise Wrong(f"Event {min(unnamed.values())} lacks its details, and no event says that they were erased.")
    signed = "signed by the given key" if keys else "signer not checked"
    print(f"{count} events of {origin}: as they were sealed, {erased} without details, {cut} cut; {signed}.")


if __name__ == "__main__":
    arguments = sys.argv[1:]
    if not arguments or "--help" in arguments or arguments[-1] == "--key":
        print(__doc__.strip(), file=sys.stderr)
        sys.exit(2)
    keys = []
    while "--key" in arguments:
        at = arguments.index("--key")
        keys += arguments[at + 1].split() or [""]
        del arguments[at : at + 2]
    try:
        texts = [open(path, encoding="utf-8", newline="").read() for path in arguments]
        verify(texts[0], texts[1:], keys)
    except OSError as error:
        print(f"{error.filename} cannot be read: {error.strerror}.", file=sys.stderr)
        sys.exit(2)
    except (Wrong, ValueError, KeyError, TypeError, AttributeError) as error:
        print(f"Not what was sealed: {error}")
        sys.exit(1)
