/** An error response of the API server, with its message. */
export class ApiError extends Error {
  readonly status: number;
  /** The Kubernetes reason, for example AlreadyExists, Conflict, Forbidden, Expired. */
  readonly reason: string;

  constructor(status: number, reason: string, message: string) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
    this.reason = reason;
  }
}

/** The credentials of the kubeconfig cannot be used: a file is missing or a plugin failed. Nothing was sent. */
export class CredentialsError extends Error {
  constructor(cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.name = 'CredentialsError';
  }
}

/** Creates the error from a `Status` object or from any other response body. */
export function errorFrom(code: number, body: string): ApiError {
  try {
    const { reason, message } = JSON.parse(body) as { reason?: unknown; message?: unknown };
    return new ApiError(code, String(reason ?? code), String(message ?? `the API server answered ${code}`));
  } catch {
    return new ApiError(code, String(code), body.trim().slice(0, 500) || `the API server answered ${code}`);
  }
}

export function isStatus(error: unknown, ...codes: number[]): boolean {
  return error instanceof ApiError && codes.includes(error.status);
}

/** For `catch`: undefined for an error of one of these codes; throws any other error. */
export function ignoring(...codes: number[]): (error: unknown) => undefined {
  return (error) => {
    if (!isStatus(error, ...codes)) throw error;
    return undefined;
  };
}

/** The namespace is being deleted and accepts no new objects: expected, not a fault. */
export function isTerminating(error: unknown): boolean {
  return isStatus(error, 403) && error instanceof Error && error.message.includes('being terminated');
}
