// Calls an API with tokens of Mintkey. com.nimbusds:oauth2-oidc-sdk fetches them; token() keeps one, and fetches another shortly before it
// ends. It can be used by many threads.

import com.nimbusds.oauth2.sdk.ClientCredentialsGrant;
import com.nimbusds.oauth2.sdk.Scope;
import com.nimbusds.oauth2.sdk.TokenRequest;
import com.nimbusds.oauth2.sdk.TokenResponse;
import com.nimbusds.oauth2.sdk.auth.ClientSecretBasic;
import com.nimbusds.oauth2.sdk.auth.Secret;
import com.nimbusds.oauth2.sdk.id.ClientID;
import com.nimbusds.oauth2.sdk.token.AccessToken;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;

public class Example {
  private static final Duration EARLY = Duration.ofSeconds(30);

  private final URI endpoint;
  private final ClientSecretBasic key;
  private final Scope scope;
  private AccessToken token;
  private Instant ends = Instant.MIN;

  Example(String url, String clientId, String clientSecret, String scope) {
    this.endpoint = URI.create(url.replaceAll("/$", "") + "/oauth2/token");
    this.key = new ClientSecretBasic(new ClientID(clientId), new Secret(clientSecret));
    this.scope = Scope.parse(scope); // null for none, which means all of the key's
  }

  synchronized AccessToken token() throws Exception {
    Instant now = Instant.now();
    if (now.plus(EARLY).isBefore(ends)) {
      return token;
    }
    TokenResponse response =
        TokenResponse.parse(new TokenRequest(endpoint, key, new ClientCredentialsGrant(), scope).toHTTPRequest().send());
    if (!response.indicatesSuccess()) {
      throw new IllegalStateException(response.toErrorResponse().getErrorObject().toString());
    }
    token = response.toSuccessResponse().getTokens().getAccessToken();
    ends = now.plusSeconds(token.getLifetime());
    return token;
  }

  public static void main(String[] args) throws Exception {
    var env = System.getenv();
    var mintkey =
        new Example(env.get("MINTKEY_URL"), env.get("MINTKEY_CLIENT_ID"), env.get("MINTKEY_CLIENT_SECRET"), env.get("MINTKEY_SCOPE"));
    var http = HttpClient.newHttpClient();
    for (int i = 0; i < Integer.parseInt(env.getOrDefault("CALLS", "3")); i++) {
      if (i > 0) {
        Thread.sleep(Long.parseLong(env.getOrDefault("PAUSE", "1")) * 1000);
      }
      var request =
          HttpRequest.newBuilder(URI.create(env.get("API_URL")))
              .header("Authorization", mintkey.token().toAuthorizationHeader())
              .timeout(Duration.ofSeconds(30))
              .build();
      System.out.println(http.send(request, HttpResponse.BodyHandlers.discarding()).statusCode());
    }
  }
}
