// Walks the life of a key by the client that OpenAPI Generator (`java`) generated.

import java.util.List;
import org.openapitools.client.ApiClient;
import org.openapitools.client.ApiException;
import org.openapitools.client.api.KeysApi;
import org.openapitools.client.api.VerificationApi;
import org.openapitools.client.auth.HttpBearerAuth;
import org.openapitools.client.model.ChangedKey;
import org.openapitools.client.model.CreateKey;
import org.openapitools.client.model.CreatedKey;
import org.openapitools.client.model.EndedVerdict;
import org.openapitools.client.model.InsufficientVerdict;
import org.openapitools.client.model.Key;
import org.openapitools.client.model.RotatedKey;
import org.openapitools.client.model.UnknownVerdict;
import org.openapitools.client.model.UpdateKey;
import org.openapitools.client.model.ValidVerdict;
import org.openapitools.client.model.VerifyKey;

public class Walk {
  static VerificationApi verification;

  static void require(boolean isSo, Object what) {
    if (!isSo) throw new AssertionError(String.valueOf(what));
  }

  static Object verdict(String token, List<String> permissions) throws ApiException {
    VerifyKey asked = new VerifyKey().key(token);
    if (permissions != null) asked.permissions(permissions);
    return verification.verifyKey(asked).getActualInstance();
  }

  public static void main(String[] arguments) throws ApiException {
    ApiClient client = new ApiClient();
    client.setBasePath(System.getenv("LATCHKEY_URL"));
    ((HttpBearerAuth) client.getAuthentication("key")).setBearerToken(System.getenv("LATCHKEY_KEY"));
    KeysApi keys = new KeysApi(client);
    verification = new VerificationApi(client);
    String organization = System.getenv("ORGANIZATION");

    CreatedKey created =
        keys.createKey(new CreateKey().name("CI").organizationId(organization).permissions(List.of("emails:send")));
    String id = created.getId().toString();
    require(created.getPermissions().equals(List.of("emails:send")), created);
    List<Key> listed = keys.listKeys(null, organization, null, null, null, null);
    require(listed.size() == 1 && listed.get(0).getId().equals(created.getId()), listed);

    Object valid = verdict(created.getKey(), List.of("emails:send"));
    require(valid instanceof ValidVerdict verdict && verdict.getValid(), valid);
    Object missing = verdict(created.getKey(), List.of("emails:read"));
    require(missing instanceof InsufficientVerdict verdict && !verdict.getValid(), missing);
    Object unknown = verdict("nonsense", null);
    require(unknown instanceof UnknownVerdict verdict && !verdict.getValid(), unknown);

    ChangedKey renamed = keys.updateKey(id, new UpdateKey().name("Mailer"), null);
    require(renamed.getName().equals("Mailer"), renamed);
    require(renamed.getPermissions().equals(List.of("emails:send")), renamed);

    RotatedKey rotated = keys.rotateKey(id, null, null);
    Object old = verdict(created.getKey(), null);
    require(old instanceof EndedVerdict verdict && verdict.getCode() == EndedVerdict.CodeEnum.ROTATED, old);
    require(verdict(rotated.getKey(), null) instanceof ValidVerdict, rotated);

    require(keys.revokeKey(id, null).getSuccess(), id);
    Object revoked = verdict(rotated.getKey(), null);
    require(revoked instanceof EndedVerdict verdict && verdict.getCode() == EndedVerdict.CodeEnum.REVOKED, revoked);

    try {
      keys.updateKey(id, new UpdateKey().name("Again"), null);
      throw new AssertionError("not refused");
    } catch (ApiException error) {
      require(error.getCode() == 409 && error.getResponseBody().contains("key_revoked"), error);
    }
  }
}
