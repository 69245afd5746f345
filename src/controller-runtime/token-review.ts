import { createHash } from 'node:crypto';
import type { Api } from './api.ts';

type Access = 'allowed' | 'unauthenticated' | 'forbidden';

/** How long an answer of the API server is used again, and for how many tokens. */
const KEPT_MS = 60_000;
const MOST_KEPT = 100;

/**
 * Whether the bearer of a token may `get` a non-resource URL, as kube-rbac-proxy and controller-runtime decide it: a
 * TokenReview, then a SubjectAccessReview. Rejects if the API server cannot be asked.
 */
export function tokenAuthorizer(api: Api, path: string, now: () => number = () => performance.now()) {
  const known = new Map<string, { access: Access; until: number }>();
  return async (token: string | undefined): Promise<Access> => {
    if (token === undefined || token === '') return 'unauthenticated';
    // Only a hash is kept.
    const key = createHash('sha256').update(token).digest('base64');
    const before = known.get(key);
    if (before !== undefined && before.until > now()) return before.access;
    const access = await review(api, token, path);
    known.delete(key);
    known.set(key, { access, until: now() + KEPT_MS });
    for (const oldest of known.keys()) {
      if (known.size <= MOST_KEPT) break;
      known.delete(oldest);
    }
    return access;
  };
}

interface TokenReview {
  status?: {
    authenticated?: boolean;
    user?: { username?: string; uid?: string; groups?: string[]; extra?: Record<string, string[]> };
  };
}

async function review(api: Api, token: string, path: string): Promise<Access> {
  const { status } = await api.request<TokenReview>({
    verb: 'create',
    path: '/apis/authentication.k8s.io/v1/tokenreviews',
    body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token } },
  });
  if (status?.authenticated !== true || status.user === undefined) return 'unauthenticated';
  const { username: user, uid, groups, extra } = status.user;
  const spec = { user, uid, groups, extra, nonResourceAttributes: { path, verb: 'get' } };
  const answer = await api.request<{ status?: { allowed?: boolean } }>({
    verb: 'create',
    path: '/apis/authorization.k8s.io/v1/subjectaccessreviews',
    body: { apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview', spec },
  });
  return answer.status?.allowed === true ? 'allowed' : 'forbidden';
}
