// Calls an API with tokens of Mintkey, with nothing but Java 17: java Example.java. token() keeps a token, and fetches another one shortly
// before it ends. It can be used by many threads.

import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.regex.Pattern;

public class Example {
  private static final Duration EARLY = Duration.ofSeconds(30);
  private static final Duration TIMEOUT = Duration.ofSeconds(30);
  // The answer is one flat object, and neither member has an escape in it. A program that has a JSON library uses that.
  private static final Pattern ACCESS_TOKEN = Pattern.compile("\"access_token\"\\s*:\\s*\"([^\"\\\\]+)\"");
  private static final Pattern EXPIRES_IN = Pattern.compile("\"expires_in\"\\s*:\\s*(\\d+)");

  private final HttpClient http;
  private final HttpRequest request;
  private String token;
  private Instant ends = Instant.MIN;

  Example(HttpClient http, String url, String clientId, String clientSecret, String scope) {
    this.http = http;
    // RFC 6749 section 2.3.1 wants both form-encoded.
    String credentials = encode(clientId) + ":" + encode(clientSecret);
    String form = "grant_type=client_credentials" + (scope == null ? "" : "&scope=" + encode(scope));
    request =
        HttpRequest.newBuilder(URI.create(url.replaceAll("/$", "") + "/oauth2/token"))
            .header("Authorization", "Basic " + Base64.getEncoder().encodeToString(credentials.getBytes(StandardCharsets.UTF_8)))
            .header("Content-Type", "application/x-www-form-urlencoded")
            .timeout(TIMEOUT)
            .POST(HttpRequest.BodyPublishers.ofString(form))
            .build();
  }

  private static String encode(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }

  synchronized String token() throws IOException, InterruptedException {
    Instant now = Instant.now();
    if (now.plus(EARLY).isBefore(ends)) {
      return token;
    }
    var response = http.send(request, HttpResponse.BodyHandlers.ofString());
    var accessToken = ACCESS_TOKEN.matcher(response.body());
    var expiresIn = EXPIRES_IN.matcher(response.body());
    if (response.statusCode() != 200 || !accessToken.find() || !expiresIn.find()) {
      throw new IOException("no token: " + response.statusCode() + (response.statusCode() == 200 ? "" : " " + response.body()));
    }
    token = accessToken.group(1);
    ends = now.plusSeconds(Long.parseLong(expiresIn.group(1)));
    return token;
  }

  public static void main(String[] args) throws Exception {
    var env = System.getenv();
    var http = HttpClient.newHttpClient();
    var mintkey =
        new Example(http, env.get("MINTKEY_URL"), env.get("MINTKEY_CLIENT_ID"), env.get("MINTKEY_CLIENT_SECRET"), env.get("MINTKEY_SCOPE"));
    for (int i = 0; i < Integer.parseInt(env.getOrDefault("CALLS", "3")); i++) {
      if (i > 0) {
        Thread.sleep(Long.parseLong(env.getOrDefault("PAUSE", "1")) * 1000);
      }
      var call =
          HttpRequest.newBuilder(URI.create(env.get("API_URL")))
              .header("Authorization", "Bearer " + mintkey.token())
              .timeout(TIMEOUT)
              .build();
      System.out.println(http.send(call, HttpResponse.BodyHandlers.discarding()).statusCode());
    }
  }
}
