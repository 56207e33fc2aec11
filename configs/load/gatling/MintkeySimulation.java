// Gatling 3.11 or later. Each virtual user fetches a token when it first needs one, keeps it, and renews it after 60 percent of its life.
// The access key comes from the environment: MINTKEY_CLIENT_ID and MINTKEY_CLIENT_SECRET.

import static io.gatling.javaapi.core.CoreDsl.*;
import static io.gatling.javaapi.http.HttpDsl.*;

import io.gatling.javaapi.core.*;
import io.gatling.javaapi.http.*;
import java.time.Duration;

public class MintkeySimulation extends Simulation {
  private static final String MINTKEY = System.getenv().getOrDefault("MINTKEY_URL", "http://127.0.0.1:8080");
  private static final String API = System.getenv().getOrDefault("API_URL", "http://127.0.0.1:9000/");

  private final ChainBuilder token =
      doIf(session -> System.currentTimeMillis() >= (session.contains("renewAt") ? session.getLong("renewAt") : 0L))
          .then(
              exec(
                      http("token")
                          .post(MINTKEY + "/oauth2/token")
                          .basicAuth(System.getenv("MINTKEY_CLIENT_ID"), System.getenv("MINTKEY_CLIENT_SECRET"))
                          .formParam("grant_type", "client_credentials")
                          .check(
                              status().is(200),
                              jsonPath("$.access_token").saveAs("token"),
                              jsonPath("$.expires_in").ofLong().saveAs("life")))
                  .exitHereIfFailed()
                  .exec(session -> session.set("renewAt", System.currentTimeMillis() + session.getLong("life") * 600)));

  private final ScenarioBuilder users =
      scenario("API")
          .during(Duration.ofMinutes(10))
          .on(
              exec(token)
                  .exec(http("API").get(API).header("Authorization", "Bearer #{token}").check(status().in(200, 204)))
                  .pause(Duration.ofSeconds(1)));

  {
    setUp(users.injectOpen(rampUsers(50).during(Duration.ofSeconds(30))));
  }
}
