//! The discovery document and the keys.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn the_document_names_what_there_is_and_its_keys_verify_tokens() {
    let server = Server::start().await;
    server
        .state
        .sso
        .set_issuer("https://sso.example/x".to_owned());
    let get = |path: &str| Arrival::local(Method::GET, path.parse().expect("a path"), "");
    let told = server.send(get("/.well-known/openid-configuration")).await;
    assert_eq!(told.status, 200);
    let base = "https://sso.example/x";
    assert_eq!(told.body["issuer"], base);
    for (name, path) in [
        ("token_endpoint", "/connect/token"),
        ("revocation_endpoint", "/connect/revocation"),
        ("jwks_uri", "/.well-known/openid-configuration/jwks"),
    ] {
        assert_eq!(told.body[name], format!("{base}{path}"));
    }
    let grants = ["password", "refresh_token", "client_credentials"];
    assert_eq!(
        told.body["grant_types_supported"],
        serde_json::json!(grants)
    );
    let told = server
        .send(get("/.well-known/openid-configuration/jwks"))
        .await;
    let set: jsonwebtoken::jwk::JwkSet = serde_json::from_value(told.body).expect("a set");
    let token = server.token(&ADMIN).await.text("access_token");
    let header = jsonwebtoken::decode_header(&token).expect("a header");
    let key = set
        .find(&header.kid.clone().unwrap_or_default())
        .expect("the token's key");
    assert_eq!(key.common.x509_sha1_fingerprint, header.x5t);
    let key = jsonwebtoken::DecodingKey::from_jwk(key).expect("a key");
    let mut validation = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::RS256);
    validation.set_audience(&["apigateway"]);
    validation.set_issuer(&[base]);
    let read = jsonwebtoken::decode::<Value>(&token, &key, &validation);
    assert_eq!(read.expect("claims").claims["iss"], base);
    let told = server.send(get("/.well-known/other")).await;
    assert_eq!(
        (told.status, told.text("error").as_str()),
        (404, "invalid_request")
    );
}
