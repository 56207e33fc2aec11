// authorize answers auth_request: 204 and who calls, or 401 or 403 and the challenge of RFC 6750.
async function authorize(r) {
    // The cookie is for LoadRunner plugins, which send no Authorization (docs/compatibility.md).
    const given = r.headersIn.Authorization;
    const cookie = r.variables.cookie_LWSSO_COOKIE_KEY;
    const credentials = given === undefined && cookie ? 'Bearer ' + cookie : given || '';
    const bearer = /^Bearer ([A-Za-z0-9._~+/-]+=*)$/i.exec(credentials);
    if (!bearer) {
        refuse(r, 401, 'Bearer');
        return;
    }
    const answer = await r.subrequest('/mintkey/introspect', { method: 'POST', body: 'token=' + encodeURIComponent(bearer[1]) });
    if (answer.status !== 200) {
        r.error('introspection answers ' + answer.status);
        r.return(503);
        return;
    }
    const token = JSON.parse(answer.responseText);
    const allowed = r.variables;
    if (!token.active || [].concat(token.aud).indexOf(allowed.mintkey_audience) < 0) {
        refuse(r, 401, 'Bearer error="invalid_token"');
    } else if (token.tenant_id !== allowed.mintkey_tenant || token.scope.split(' ').indexOf(allowed.mintkey_scope) < 0) {
        refuse(r, 403, 'Bearer error="insufficient_scope", scope="' + allowed.mintkey_scope + '"');
    } else {
        r.headersOut['X-Mintkey-Client-Id'] = token.client_id;
        r.headersOut['X-Mintkey-Tenant-Id'] = token.tenant_id;
        r.headersOut['X-Mintkey-User-Id'] = token.user_id;
        r.headersOut['X-Mintkey-Scope'] = token.scope;
        r.return(204);
    }
}

function refuse(r, status, challenge) {
    r.headersOut['X-Mintkey-Challenge'] = challenge;
    r.return(status);
}

export default { authorize };
