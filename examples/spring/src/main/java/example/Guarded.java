// An API whose routes ask for permissions of the caller's key, judged by Latchkey's introspection.
package example;

import java.util.Map;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.Bean;
import org.springframework.security.config.Customizer;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.security.oauth2.core.OAuth2AuthenticatedPrincipal;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

@SpringBootApplication
@RestController
public class Guarded {
  public static void main(String[] args) {
    SpringApplication.run(Guarded.class, args);
  }

  @Bean
  SecurityFilterChain guard(HttpSecurity http) throws Exception {
    return http
        .authorizeHttpRequests(
            routes ->
                routes
                    // Spring puts SCOPE_ before each permission, and compares them letter by letter.
                    .requestMatchers("/emails").hasAuthority("SCOPE_emails:send")
                    .anyRequest().authenticated())
        .oauth2ResourceServer(server -> server.opaqueToken(Customizer.withDefaults()))
        .csrf(csrf -> csrf.disable())
        .build();
  }

  @GetMapping({"/emails", "/me"})
  Map<String, Object> me(@AuthenticationPrincipal OAuth2AuthenticatedPrincipal key) {
    return Map.of("key_id", key.getName(), "organization_id", key.getAttribute("org"));
  }
}
