/** The few messages that the proxy writes and reads itself (PostgreSQL manual, 54.7). */

/** An error as the server writes it. */
export interface ServerMessage {
  severity: string;
  /** SQLSTATE */
  code: string;
  message: string;
  detail?: string;
  hint?: string;
}

export const ASK_PASSWORD = frame('R', int32(3));
export const AUTHENTICATED = frame('R', int32(0));
export const READY = frame('Z', Buffer.from('I'));
export const TERMINATE = frame('X', Buffer.alloc(0));

/** The version of the protocol is 3.0, and no options of it are known. */
export function negotiate(options: readonly string[]): Buffer {
  return frame('v', Buffer.concat([int32(0), int32(options.length), ...options.map(text)]));
}

export function parameterStatus(name: string, value: string): Buffer {
  return frame('S', Buffer.concat([text(name), text(value)]));
}

export function backendKey(processId: number, key: Buffer): Buffer {
  return frame('K', Buffer.concat([int32(processId), key]));
}

export function fatal({ code, message, detail, hint }: Omit<ServerMessage, 'severity'>): Buffer {
  const fields = { S: 'FATAL', V: 'FATAL', C: code, M: message, D: detail, H: hint };
  const written = Object.entries(fields).flatMap(([key, value]) =>
    value === undefined ? [] : [Buffer.from(key), text(value)],
  );
  return frame('E', Buffer.concat([...written, Buffer.alloc(1)]));
}

/** The start of an ErrorResponse; fields that were cut off are missing. */
export function readError(body: Buffer): ServerMessage {
  const fields = new Map<string, string>();
  for (const field of body.toString('utf8').split('\0')) {
    if (field !== '') fields.set(field.charAt(0), field.slice(1));
  }
  return {
    severity: fields.get('V') ?? fields.get('S') ?? 'ERROR',
    code: fields.get('C') ?? '',
    message: fields.get('M') ?? '',
    detail: fields.get('D'),
    hint: fields.get('H'),
  };
}

/**
 * The text of a Query or Parse message without its header. A FunctionCall has only the OID of the function: drivers use
 * it for large objects.
 */
export function statementIn(type: string, body: Buffer): string {
  if (type === 'F') return `SELECT function_call_of_oid_${body.length < 4 ? 0 : body.readUInt32BE(0)}()`;
  const start = type === 'P' ? body.indexOf(0) + 1 : 0;
  const end = body.indexOf(0, start);
  return body.toString('utf8', start, end < 0 ? body.length : end);
}

function frame(type: string, body: Buffer): Buffer {
  return Buffer.concat([Buffer.from(type), int32(body.length + 4), body]);
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function text(value: string): Buffer {
  return Buffer.from(`${value}\0`);
}
