// Calls an API with tokens of Mintkey. Duende.IdentityModel fetches them; Tokens keeps one, and fetches another shortly before it ends.
// It can be used by many threads.
using System.Net.Http.Headers;
using Duende.IdentityModel.Client;

static string? Env(string name) => Environment.GetEnvironmentVariable(name);

using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(30) };
var tokens = new Tokens(http, Env("MINTKEY_URL")!, Env("MINTKEY_CLIENT_ID")!, Env("MINTKEY_CLIENT_SECRET")!, Env("MINTKEY_SCOPE"));
for (var i = 0; i < int.Parse(Env("CALLS") ?? "3"); i++)
{
    if (i > 0) await Task.Delay(TimeSpan.FromSeconds(int.Parse(Env("PAUSE") ?? "1")));
    using var request = new HttpRequestMessage(HttpMethod.Get, Env("API_URL"));
    request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", await tokens.Get());
    using var response = await http.SendAsync(request);
    Console.WriteLine((int)response.StatusCode);
}

class Tokens(HttpClient http, string url, string clientId, string clientSecret, string? scope)
{
    static readonly TimeSpan Early = TimeSpan.FromSeconds(30);

    readonly SemaphoreSlim one = new(1, 1); // calls that come at the same time wait for the same token
    string token = "";
    DateTimeOffset ends = DateTimeOffset.MinValue;

    public async Task<string> Get()
    {
        await one.WaitAsync();
        try
        {
            var now = DateTimeOffset.UtcNow;
            if (ends - now > Early) return token;
            var response = await http.RequestClientCredentialsTokenAsync(new ClientCredentialsTokenRequest
            {
                Address = url.TrimEnd('/') + "/oauth2/token",
                ClientId = clientId,
                ClientSecret = clientSecret,
                ClientCredentialStyle = ClientCredentialStyle.AuthorizationHeader,
                Scope = scope,
            });
            if (response.IsError) throw new InvalidOperationException($"no token: {response.Error} {response.ErrorDescription}");
            token = response.AccessToken!;
            ends = now.AddSeconds(response.ExpiresIn);
            return token;
        }
        finally
        {
            one.Release();
        }
    }
}
