# Reads from the administration API of Mintkey, and complains about access keys that expire soon. What it may change is better changed by
# mintkey itself: a data source is read at each plan, and a secret that Terraform makes stays in its state.
#
# The state holds what data sources answer, so also the token, which works for some minutes. The key needs scope keys:read, and no other.
terraform {
  required_version = ">= 1.5"
  required_providers {
    http = {
      source  = "hashicorp/http"
      version = ">= 3.4"
    }
  }
}

variable "mintkey_url" {
  type = string
}

variable "client_id" {
  type = string
}

variable "client_secret" {
  type      = string
  sensitive = true
}

variable "tenant" {
  type = string
}

data "http" "token" {
  url    = "${var.mintkey_url}/oauth2/token"
  method = "POST"
  request_headers = {
    Authorization = "Basic ${base64encode("${var.client_id}:${var.client_secret}")}"
    Content-Type  = "application/x-www-form-urlencoded"
  }
  request_body = "grant_type=client_credentials&resource=${urlencode(var.mintkey_url)}"

  lifecycle {
    postcondition {
      condition     = self.status_code == 200
      error_message = "No token: ${self.status_code} ${jsondecode(self.response_body).error}"
    }
  }
}

data "http" "keys" {
  url = "${var.mintkey_url}/admin/v1/tenants/${var.tenant}/keys?limit=200"
  request_headers = {
    Authorization = "Bearer ${jsondecode(data.http.token.response_body).access_token}"
  }

  lifecycle {
    postcondition {
      condition     = self.status_code == 200
      error_message = "No list of access keys: ${self.status_code}"
    }
  }
}

locals {
  keys = jsondecode(data.http.keys.response_body).items
  soon = [for key in local.keys : key.client_id if key.expires_at != null && timecmp(key.expires_at, timeadd(plantimestamp(), "336h")) < 0]
}

check "access_keys" {
  assert {
    condition     = length(local.soon) == 0
    error_message = "These access keys expire within 14 days: ${join(", ", local.soon)}"
  }
}

output "access_keys" {
  value = { for key in local.keys : key.client_id => key.expires_at }
}
